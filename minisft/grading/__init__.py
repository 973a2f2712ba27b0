"""Exercises handed out, handed in, and marked.

An exercise, in `solutions/<chapter folder>/<notebook>.ipynb`, is four cells:

1. markdown: what and why, difficulty, minutes;
2. code, with the nbgrader metadata `{"grade": false, "solution": true, "locked": false, "grade_id": NAME,
   "schema_version": 3}`: defines the function, with `### BEGIN SOLUTION` ... `### END SOLUTION` around its body.
   What stands outside the marks stays: signature, docstring, of a faded example some lines as well. `raise
   NotImplementedError` takes the place of each region;
3. code, with `{"grade": true, "solution": false, "locked": true, "points": N, "grade_id": "check-NAME",
   "schema_version": 3}`: `check("NAME", function)`, where NAME is a contract of `minisft.checks`;
4. markdown: three folded hints.

A bug hunt has the same form. A question that a person marks is one cell with `"grade": true, "solution": true`. Cells
tagged `not-graded` are not run while marks are given; there, `minisft` is hollow (see `worker`), so whatever runs the
package itself, such as the learner's pieces in Bert, has to be in cells with that tag.

The way of a mark: `generate` clears the solutions; `notebooks` reads what comes back; `running` has it executed by
`worker` inside `sandbox`, and gets arrays; `marking` holds these to the contract; `classroom` does so for everybody;
`notes` says what has no mark; `pages` and `gradebook` write it down; `copies` are what nbgrader shows and returns.
"""
