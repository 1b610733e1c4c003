"""What Nuke and Natron share: everything between a node's controls and the vcnode worker.

Runs inside the hosts' own Python, 3.7 and later, with the standard library alone.
"""

#: Of this client; shown on the nodes and written into results.
VERSION = "0.1.0"
