"""Power cuts: what a run does to the disk is recorded, and the disk rebuilt as a cut might have left it.

`system_calls` records a run of the command line under strace, `disk` is a disk that knows what was synced, `replay`
does on it what was recorded, `told` and `verdict` compare an image of it with what the run had told by then, and
`project` is what is run.

What survives a cut is what POSIX promises and no more: the content of a file up to its last fsync, a name up to the
last fsync of its folder. That is stricter than ext4, XFS or Btrfs, which keep the name of a file that was synced and
never tear a move from one folder to another apart; what holds here holds there.
"""
