"""Level 2: the embedded platform. Speaks the platforms' wire, really runs jobs, shares nothing with the clients."""
