#!/bin/sh
# Says where it runs, and which GPUs it sees.
echo "Hello from $(hostname), with files from the host:"
ls /workspace
nvidia-smi -L 2>/dev/null || echo "No GPU in this container."
