"""What an outside truth holds as of an instant, turned into explained moves or cases."""
