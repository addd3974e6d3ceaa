"""The command line: arguments, output, exit codes (0 fine, 1 failure, 2 misuse)."""
