#!/bin/bash
# One training on all nodes of a job:  sbatch slurm.sh
#SBATCH --job-name=aezoo
#SBATCH --nodes=2                 # change: how many machines
#SBATCH --ntasks-per-node=1       # change: a task for each GPU of a node, or 1 on CPUs
##SBATCH --gpus-per-task=1        # with GPUs: remove one of the #
#SBATCH --cpus-per-task=8
#SBATCH --time=01:00:00

source ~/aezoo/bin/activate       # change: where aezoo and jax are installed, on all nodes
export KERAS_BACKEND=jax

# srun tells each task its rank, how many there are, and the nodes. The data must be found at the
# same place, or be the same, on all; the first task writes the run.
srun --kill-on-bad-exit=1 aezoo train conv \
  --data "${DATA:-mnist}" \
  --batch-size 256 \
  --distribute multihost \
  --output "${OUTPUT:-runs/conv-$SLURM_JOB_ID}"
