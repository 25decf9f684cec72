"""Says what it would train on. After `pip install -e .` it is there from every folder: python -m train."""


def main():
    import torch

    for n in range(torch.cuda.device_count()):
        print(n, torch.cuda.get_device_name(n))


if __name__ == "__main__":
    main()
