"""The command line: python -m minisft COMMAND."""

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from minisft.errors import InputError

EPILOGUE = "Try: python -m minisft finetune --task town/polarity"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit status: 0 well, 2 bad input, 130 interrupted."""
    options = parser().parse_args(arguments)
    from minisft import commands  # after the options are read, so that --help does not wait for torch
    from minisft.training.distributed import process_group

    try:
        with contextlib.nullcontext() if process_group().is_main else silence():
            getattr(commands, options.command)(options)
        return 0
    except InputError as error:
        if process_group().speaks():
            print(f"error: {error}", file=sys.stderr)
        return 2
    except RuntimeError as error:
        from torch import OutOfMemoryError

        if not isinstance(error, OutOfMemoryError):
            raise
        if process_group().speaks():
            advice = "take a smaller --batch-size or --max-length, or --device cpu"
            print(f"error: the GPU has too little memory; {advice}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        if process_group().speaks():
            print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `... | head` closed the output
        sys.stderr.close()
        return 0
    except OSError as error:  # a full disk, a file where a folder should be, no right to read or write
        if process_group().speaks():
            where = f"{error.filename}: " if error.filename else ""
            print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """One report for all processes: what another one would print as well is not printed. Errors are."""
    logging.disable(logging.WARNING)
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(prog="python -m minisft", description=__doc__, epilog=EPILOGUE)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    pretrain = commands.add_parser("pretrain", help="train a model on text alone: the town, or your own files")
    pretrain.set_defaults(command="pretrain")
    add_pretraining(pretrain)
    add_common(pretrain)

    finetune = commands.add_parser("finetune", help="fine-tune a pretrained model on a task and test it")
    finetune.set_defaults(command="finetune")
    add_task(finetune)
    finetune.add_argument("--model", help="minilm, town-mini, a folder, or a hub id such as org/name (minilm)")
    finetune.add_argument("--rows", type=int, help="learn from so many training rows, drawn by the seed (all)")
    finetune.add_argument("--epochs", type=int, help="passes over the training rows (3)")
    finetune.add_argument("--batch-size", type=int, help="rows in one update (16)")
    finetune.add_argument("--lr", type=float, help="peak learning rate (1e-4)")
    finetune.add_argument("--warmup", type=float, help="share of all updates, or a number of updates (0.1)")
    finetune.add_argument("--weight-decay", type=float, help="decay of matrices and tables (0.01)")
    finetune.add_argument("--max-length", type=int, help="longest text in word pieces; longer ones are cut (128)")
    finetune.add_argument("--precision", choices=["fp32", "bf16"], help="of matrix products (fp32)")
    finetune.add_argument("--seed", type=int, help="decides the new head, the order and dropout (0)")
    finetune.add_argument("--patience", type=int, help="stop after so many epochs without improvement")
    finetune.add_argument("--keep-every", type=int, metavar="UPDATES", help="keep the state also within an epoch")
    finetune.add_argument("--out", type=Path, help="folder for the model, the log and the figures (runs/TASK)")
    finetune.add_argument("--resume", action="store_true", help="go on with the run in --out")
    add_common(finetune)

    evaluate = commands.add_parser("evaluate", help="score a fine-tuned model on a test split, or on new rows")
    evaluate.set_defaults(command="evaluate")
    add_task(evaluate)
    add_inference(evaluate)

    predict = commands.add_parser("predict", help="label a text, a pair of texts, or the rows of a file")
    predict.set_defaults(command="predict")
    predict.add_argument("text", nargs="*", help="one text, or the two texts of a pair")
    predict.add_argument("--data", type=Path, help="csv, tsv or jsonl file with the text columns of the task")
    add_inference(predict)

    tasks = commands.add_parser("tasks", help="list the tasks and where they come from")
    tasks.set_defaults(command="tasks")
    doctor = commands.add_parser("doctor", help="say what is installed and found, and how to mend what is missing")
    doctor.set_defaults(command="doctor")
    add_course(commands)
    return top


def add_pretraining(command: argparse.ArgumentParser) -> None:
    """What to learn from text, from which text, and with which model."""
    command.add_argument("--objective", choices=["mlm+nsp", "mlm", "plm", "ltr"], help="what to predict (mlm+nsp)")
    command.add_argument("--corpus", nargs="+", metavar="town|FILE", help="the town, or plain text files (town)")
    command.add_argument("--held-out", metavar="FILE", help="text to measure on (the last 5 %% of the documents)")
    command.add_argument("--tokens", type=int, help="how much of the town, in words (1000000)")
    command.add_argument("--language", nargs="+", metavar="en|zh", help="languages of the town (en zh)")
    command.add_argument("--model", help="go on from this model: minilm, town-mini, a folder or a hub id (new weights)")
    command.add_argument("--vocabulary-size", type=int, help="pieces of a new model (at most 4000)")
    command.add_argument("--layers", type=int, help="of a new model (4)")
    command.add_argument("--width", type=int, help="of a new model (128)")
    command.add_argument("--heads", type=int, help="of a new model (4)")
    command.add_argument("--steps", type=int, help="updates (1000)")
    command.add_argument("--batch-size", type=int, help="rows in one update (32)")
    command.add_argument("--max-length", type=int, help="longest row in word pieces (128)")
    command.add_argument("--lr", type=float, help="peak learning rate (1e-3)")
    command.add_argument("--dropout", type=float, help="while pretraining; fine-tuning has the model's own (0)")
    command.add_argument("--whole-word", action="store_const", const=True, help="mask all pieces of a word together")
    command.add_argument("--precision", choices=["fp32", "bf16"], help="of matrix products (fp32)")
    command.add_argument(
        "--compile", action="store_const", const=True, help="torch.compile first: for long runs on a GPU"
    )
    command.add_argument("--seed", type=int, help="decides the weights, the rows, the masks and dropout (0)")
    command.add_argument("--keep-every", type=int, metavar="UPDATES", help="keep the state also between measurements")
    command.add_argument("--out", type=Path, help="folder for the model, the log and the curve (runs/pretrained-...)")
    command.add_argument("--resume", action="store_true", help="go on with the run in --out")
    command.add_argument(
        "--recipe", choices=["town-mini", "town-mini-plm"], help="make that model anew, as it was made"
    )


def add_task(command: argparse.ArgumentParser) -> None:
    """The task, by name or as your own data."""
    which = command.add_mutually_exclusive_group()
    which.add_argument("--task", help="a name that `tasks` lists (town/polarity)")
    which.add_argument("--data", type=Path, help="your own csv, tsv or jsonl file, or a folder of them")
    command.add_argument("--language", choices=["en", "zh"], help="of a task of the town (en)")
    command.add_argument("--domain", choices=["newspaper", "helpdesk"], help="of a task of the town (newspaper)")


def add_inference(command: argparse.ArgumentParser) -> None:
    """What evaluate and predict share."""
    command.add_argument("--model", required=True, help="folder of a fine-tuned model")
    command.add_argument("--batch-size", type=int, default=32, help="rows at a time (32)")
    command.add_argument("--max-length", type=int, help="longest text in word pieces (128)")
    command.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="of matrix products (fp32)")
    add_common(command)


def add_course(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The commands of learners and teachers."""
    progress = commands.add_parser("progress", help="show what passes in your notebooks, and the exercise to do next")
    progress.set_defaults(command="progress")
    progress.add_argument("notebook", nargs="?", type=Path, default=Path("exercises"), help="or a folder (exercises)")

    exercises = commands.add_parser("exercises", help="generate the students' notebooks from the solutions")
    exercises.set_defaults(command="exercises")
    exercises.add_argument("--exercises", type=Path, default=Path("exercises"), help="where they go (exercises)")

    course_map = commands.add_parser("map", help="write the map of the course, chapters/README.md, anew")
    course_map.set_defaults(command="course_map")
    course_map.add_argument("--course", type=Path, default=Path(), help="folder that holds chapters/ (this one)")

    grade = commands.add_parser("grade", help="mark what a class has handed in")
    grade.set_defaults(command="grade")
    grade.add_argument("submissions", type=Path, help="a folder with STUDENT/CHAPTER/NOTEBOOK.ipynb in it")
    grade.add_argument("--out", type=Path, required=True, help="folder for marks, feedback and what was marked before")
    grade.add_argument("--seed", type=int, help="decides the hidden cases; tell nobody (drawn once, kept in --out)")
    grade.add_argument("--jobs", type=int, help="notebooks at a time (as many as there are cores)")
    grade.add_argument("--no-sandbox", action="store_true", help="run the students' code as your own")
    grade.add_argument("--gradebook", type=Path, metavar="FILE", help="enter the marks into this gradebook of nbgrader")
    for command in (exercises, grade):
        command.add_argument("--solutions", type=Path, default=Path("solutions"), help="the teacher's (solutions)")


def add_common(command: argparse.ArgumentParser) -> None:
    """What every working command has."""
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (auto)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write the results there as well")
