"""What free, net, ATS, shown and ATP are: pure functions and the structs that they work on."""
