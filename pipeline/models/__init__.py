"""Models behind one Protocol: llama.cpp, endpoints, recorded and scripted ones."""
