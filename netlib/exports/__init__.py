"""Networks for other frameworks: ONNX files and PyTorch modules."""
