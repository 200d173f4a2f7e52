"""R17: disks that fill up, devices that fail and descriptors that run out, at every call where that can happen.

A run that meets such a fault says so in one message and leaves nothing half-done; when the fault is gone it goes
on where it stopped, to the same end as a run that met none.
"""
