"""The survey's libraries are an extra: nothing else loads or needs them."""

import subprocess
import sys

LIBRARIES = ("sqlalchemy", "fastapi", "psycopg", "krippendorff")


def run(code, helpers):
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}"],
        env=helpers.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_users_load_no_database(helpers):
    code = f"""
import pirgan_tf.users
from pirgan_tf import survey
from pirgan_tf.stages import export_interactions, import_interactions
survey.PirWeights.parse("0,0,0,1,1")
print([name for name in {LIBRARIES} if name in sys.modules])
"""
    done = run(code, helpers)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_without_the_extra_a_command_says_what_to_install(helpers, nowhere):
    code = f"""
sys.modules["sqlalchemy"] = None
sys.argv[1:] = ["--database=sqlite:///x.db", "--study=key", "--output={nowhere}"]
from pirgan_tf.stages.export_interactions import main
main()
"""
    done = run(code, helpers)
    assert done.returncode == 2
    assert done.stderr == (
        "export_interactions: the survey's libraries must be installed "
        "(pip install 'pirgan-tf[survey]'). Received: no module sqlalchemy\n"
    )
