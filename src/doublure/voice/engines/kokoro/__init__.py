"""The embedded voice: Kokoro-82M on onnxruntime."""
