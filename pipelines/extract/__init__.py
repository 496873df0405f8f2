"""HTTP -> landing. Knows nothing of tables.

A cloud's name enters; a landed snapshot leaves: the bodies as the service sent them and a manifest that says
whether they are all there is.
"""
