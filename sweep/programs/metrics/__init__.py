"""What programs report: metrics in lines and files, put together as epochs."""
