"""Streams and sockets that a user holds open, over plain blocking sockets.

Locust makes blocking calls give way to other users; nothing here knows of that.
"""
