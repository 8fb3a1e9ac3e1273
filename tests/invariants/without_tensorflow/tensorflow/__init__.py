raise RuntimeError("this command must answer before TensorFlow is imported")
