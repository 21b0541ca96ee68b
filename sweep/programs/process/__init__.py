"""The processes of a program: started, held, measured, and ended with all their children."""
