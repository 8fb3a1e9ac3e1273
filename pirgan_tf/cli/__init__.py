"""What every command shares: flags, outputs that appear whole, exit status."""
