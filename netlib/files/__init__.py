"""Networks in files: netlib's own format, and exports for ONNX and PyTorch."""
