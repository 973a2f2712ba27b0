"""nbgrader's settings: for its commands in this folder, and for the JupyterLab that `make lab` starts here."""

import os
import sys
from pathlib import Path

c = get_config()
load_subconfig("minisft/grading/nbgrader_settings.py")

# Your class: what was handed in, marks, feedback. Outside this folder, so that nobody commits it.
CLASS = Path(os.environ.get("MINISFT_CLASS", "~/minisft-class")).expanduser()
c.CourseDirectory.course_id = "minisft"
c.CourseDirectory.db_url = f"sqlite:///{CLASS}/gradebook.db"
c.CourseDirectory.submitted_directory = f"{CLASS}/submitted"
c.CourseDirectory.autograded_directory = f"{CLASS}/submitted-graded/autograded"  # where `make grade` writes
c.CourseDirectory.feedback_directory = f"{CLASS}/feedback"
c.Autograde.exporter_class = "minisft.grading.gradebook.NoAutograde"

c.Exchange.assignment_dir = "exercises"  # a student who has this folder works in there, and submits from there

# nbgrader starts alembic by its name, which is not found where .venv is not activated.
BIN = str(Path(sys.executable).parent)
if BIN not in os.environ["PATH"].split(os.pathsep):
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
