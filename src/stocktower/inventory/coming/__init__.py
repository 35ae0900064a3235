"""What is to come (inbound) and who has claimed it: read and recorded."""
