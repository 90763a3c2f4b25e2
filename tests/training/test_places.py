import pytest

from aezoo.training.places import place_of

SLURM = {
    "SLURM_PROCID": "3",
    "SLURM_NTASKS": "8",
    "SLURM_JOB_ID": "5000",
    "SLURM_JOB_NODELIST": "gpu[03-05,09],login1",
}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (SLURM, ("gpu03", 61440 + 5000 - 4096, 8, 3)),
        ({**SLURM, "SLURM_JOB_NODELIST": "a1,b[2-3]"}, ("a1", 62344, 8, 3)),
        ({**SLURM, "SLURM_JOB_NODELIST": "gpu[7]"}, ("gpu7", 62344, 8, 3)),
        ({**SLURM, "SLURM_STEP_NODELIST": "only"}, ("only", 62344, 8, 3)),
        (
            {
                "JOB_COMPLETION_INDEX": "1",
                "JAX_COORDINATOR_ADDRESS": "job-0.svc",
                "JAX_NUM_PROCESSES": "2",
            },
            ("job-0.svc", 29400, 2, 1),
        ),
        (
            {
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": "10.0.0.1:12, 10.0.0.2:13",
                "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
                "KERAS_DISTRIBUTION_PROCESS_ID": "0",
            },
            ("10.0.0.1", 12, 2, 0),
        ),
    ],
)
def test_what_the_environment_says(environment, expected):
    assert place_of(environment=environment) == expected


def test_what_is_said_comes_first():
    assert place_of("h:1", 4, 2, SLURM) == ("h", 1, 4, 2)
    assert place_of("[::1]:1234", 1, 0, {}) == ("::1", 1234, 1, 0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ((None, None, None), "Missing: coordinator, processes, rank"),
        (("h:1", 2, None), "Missing: rank"),
        (("h:1", 2, 2), "rank must be from 0 to 1, .* Received: 2"),
        (("h:1", 2, -1), "rank must be an integer, 0 or more. Received: -1"),
        (("h:1", 0, 0), "processes must be 1 or more. Received: 0"),
        (("h:1", True, 0), "processes must be an integer"),
        (("h:port", 2, 0), "coordinator must be 'HOST:PORT'. Received: 'h:port'"),
        (("h:70000", 2, 0), "coordinator must be 'HOST:PORT'"),
    ],
)
def test_refusals(said, message):
    with pytest.raises(ValueError, match=message):
        place_of(*said, environment={})


def test_what_is_no_number():
    with pytest.raises(ValueError, match="rank must be an integer, 0 or more. Received: 'x'"):
        place_of("h:1", 2, environment={"JAX_PROCESS_ID": "x"})
