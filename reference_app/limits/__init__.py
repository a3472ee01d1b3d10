"""How much each tenant and each of its members may ask for."""
