"""Data: samples by number, in batches, from files.

Datasets stand in `nn.data.datasets`, what makes batches of them in `nn.data.loader`, readers of local files in
`nn.data.files`.
"""

from nn.data.datasets import Dataset, Subset, TensorDataset, default_collate, random_split
from nn.data.files import read_csv, read_idx, read_npz
from nn.data.loader import DataLoader

__all__ = [
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
    "read_csv",
    "read_idx",
    "read_npz",
]
