"""The embedded model server: llama.cpp behind the part of Ollama's protocol that the product uses.

Start it with `python -m learning_assistant.embedded.inference --uds PATH`; `launch` has the command
and the environment for whoever does. Nothing in here imports Django.
"""
