"""Networks in files: to be loaded again, or for ONNX and PyTorch."""
