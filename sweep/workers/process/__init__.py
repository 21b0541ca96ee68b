"""The process that a slot is: its BLAS kernel, threads, memory and garbage."""
