"""Files and folders: published whole or not at all, reached through open folders, removed only where they are ours."""
