"""nbgrader's settings for the course: read by `nbgrader_config.py` above, and by `generate`; never imported."""

c = get_config()

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.GenerateAssignment.force = True  # exercises/ is never edited, so there is nothing to keep
# A file beside a notebook would go to the students, with every solution in it; "feedback" is what students got back.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.ClearSolutions.text_stub = "*Your answer.*"
# What is not graded may take minutes; who validates a notebook wants to know about the rest.
c.Execute.skip_cells_with_tag = "not-graded"
