"""Which state of the sales the shop is in, and the lock under which it changes."""
