"""The landing: response bodies as the service sent them, and the manifest of each snapshot.

Everything after it is computed from it, offline.
"""
