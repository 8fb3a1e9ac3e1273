# GPU image for replication; run it with the NVIDIA container toolkit:
#   docker build -t pirgan-tf .
#   mkdir -p runs   # and photographs to runs/photos, by import_photos
#   docker run --gpus all --shm-size=1g --user "$(id -u):$(id -g)" -e HOME=/tmp \
#       -v "$PWD/runs:/home/pirgan/runs" pirgan-tf \
#       pretrain --flagfile=configs/acgan.flags --dataset=folder:runs/photos --output=runs/gan
#   docker run -p 6006:6006 -v "$PWD/runs:/home/pirgan/runs" pirgan-tf \
#       tensorboard --logdir=runs --bind_all
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 pirgan \
    && mkdir /opt/pirgan_tf && chown pirgan /opt/pirgan_tf
WORKDIR /opt/pirgan_tf
COPY constraints.txt setup.py pyproject.toml README.md LICENSE ./
COPY pirgan_tf pirgan_tf
# The pinned release of tensorflow brings its own CUDA libraries by this extra.
RUN pip install --no-cache-dir --constraint constraints.txt ".[gpu,survey,cluster,control]"
COPY bin bin
COPY configs configs
ENV PATH="/opt/pirgan_tf/bin:${PATH}"

USER pirgan
WORKDIR /home/pirgan
RUN mkdir runs && ln -s /opt/pirgan_tf/configs configs
VOLUME /home/pirgan/runs
EXPOSE 6006
CMD ["reproduce", "--help"]
