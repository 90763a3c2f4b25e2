"""One training by the workers of a Ray cluster, or of this machine.

pip install "ray[train]" jax
python examples/ray_train.py
"""

import socket
from pathlib import Path

import ray
from ray import train
from ray.train import ScalingConfig
from ray.train.collective import broadcast_from_rank_zero
from ray.train.v2.api.data_parallel_trainer import DataParallelTrainer

WORKERS = 2  # change: how many; on GPUs also use_gpu=True below
OUTPUT = Path("runs/ray-digits")  # change: a folder that the first worker can write


def work(config):
    import aezoo

    context, address = train.get_context(), None
    if context.get_world_rank() == 0:
        with socket.create_server(("", 0)) as free:
            address = f"{ray.util.get_node_ip_address()}:{free.getsockname()[1]}"
    run = aezoo.train(
        "deep",  # change: the model, its data and options
        "digits",
        epochs=3,
        batch_size=64,
        output=config["output"],
        distribute="multihost",
        coordinator=broadcast_from_rank_zero(address),
        processes=context.get_world_size(),
        rank=context.get_world_rank(),
    )
    train.report({"mse": run.metrics["mse"], "val_loss": run.history["val_loss"][-1]})


if __name__ == "__main__":
    ray.init(runtime_env={"env_vars": {"KERAS_BACKEND": "jax"}})
    trainer = DataParallelTrainer(
        work,
        train_loop_config={"output": str(OUTPUT.resolve())},
        scaling_config=ScalingConfig(num_workers=WORKERS),
    )
    print(trainer.fit().metrics)
