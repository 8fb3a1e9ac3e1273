from pathlib import Path

from setuptools import find_packages, setup

STAGES = (
    "import_photos",
    "pretrain",
    "sample",
    "simulate",
    "serve",
    "export_interactions",
    "import_interactions",
    "pretrain_estimator",
    "train_estimator",
    "tune",
    "evaluate",
    "report",
    "list_objectives",
    "plan",
    "study",
    "benchmark",
)

CONTROL = ("gymnasium>=1.0",)

SURVEY = (
    "fastapi>=0.115",
    "krippendorff>=0.8",
    "markdown-it-py>=3",
    "psycopg[binary]>=3.2",
    "pydantic-core>=2.40",
    "python-multipart>=0.0.18",
    "SQLAlchemy>=2.0.30,<3",
    "uvicorn>=0.30",
)

setup(
    name="pirgan-tf",
    version="0.1.0",
    description="Improving image generative models with human interactions",
    long_description=Path("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    packages=find_packages(include=["pirgan_tf", "pirgan_tf.*"]),
    package_data={
        "pirgan_tf": [
            f"**/*.{kind}" for kind in ("pyi", "html", "css", "js", "svg", "md", "json", "npz")
        ]
    },
    python_requires=">=3.10,<3.14",
    install_requires=[
        "absl-py>=2.1",
        "h5py>=3.11",
        "importlib-resources>=6.4",  # tensorflow-datasets imports it and does not require it
        "Jinja2>=3.1",
        "keras>=3.8,<4",
        "lazy-loader>=0.4",
        "matplotlib>=3.8",
        "numpy>=1.26",
        "pandas>=2.2",
        "Pillow>=10.3",
        "prdc>=0.2",
        "scikit-learn>=1.4",
        "scipy>=1.12",
        "statsmodels>=0.14.2",
        "tensorboard>=2.19",
        "tensorflow>=2.19,<2.22",
        "tensorflow-datasets>=4.9.7",
        "tensorflow-probability>=0.25",
        "tf-keras>=2.19,<2.22",
        "tqdm>=4.66",
    ],
    extras_require={
        "cluster": ["ray>=2.30"],
        "control": CONTROL,
        "gpu": ["tensorflow[and-cuda]>=2.19,<2.22"],
        "survey": SURVEY,
        "dev": [
            *CONTROL,
            *SURVEY,
            "httpx>=0.27",
            "mypy>=1.14",
            "playwright>=1.50",
            "pytest>=8",
            "ruff>=0.9",
            "tf-slim>=1.1",
        ],
    },
    entry_points={
        "console_scripts": [
            f"pirgan-{command} = pirgan_tf.{folder}.{command}:main"
            for folder, commands in (("stages", STAGES), ("sweep", ("reproduce",)))
            for command in commands
        ]
    },
)
