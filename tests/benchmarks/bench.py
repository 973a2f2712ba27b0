"""What this code costs beside its peers: the one command of all benchmarks of speed.

    make bench                                     everything, on the CPU: half an hour on two cores
    make bench ARGS="--device cuda"                on a GPU: BERT-base, fp32, tf32 and bf16
    make bench ARGS="--parts updates --rounds 1"   a part of it
    make bench ARGS="--go-on"                      what is missing, or was measured while something else ran
    make bench ARGS="--show"                       the tables of what has been measured

With MINISFT_DATA set it fine-tunes on MRPC, without it on the town's paraphrases. Systems run in turn, each measurement
in a process of its own, `--rounds` times; a figure is the median over the rounds, and a ratio that of the rounds'
ratios. Everything is kept in results/ under the machine's name. Nothing else should run meanwhile; where something did,
it is said.
"""

import argparse
import sys
import time

import changes
import growth
import inference
import optimizers
import step
import torch
from measuring import Results, in_process, pays

PARTS = {module.PART: module for module in (step, changes, optimizers, inference, growth)}
DEFAULTS = {  # model, precisions, lengths to pretrain at and tokens in a batch there, what is left out
    "cpu": ("minilm", ["fp32", "bf16"], [128], 2**11, {"compiled", "launched"}),
    "cuda": ("12x768", ["fp32", "tf32", "bf16"], [128, 512], 2**16, {"textbook"}),
}


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", choices=DEFAULTS, default="cpu")
    parser.add_argument("--model", help="minilm, or LAYERSxWIDTH with random weights")
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--lengths", nargs="*", type=int, help="of the rows to pretrain on")
    parser.add_argument("--rows", type=int, default=16, help="in a batch, to fine-tune")
    parser.add_argument("--pretraining-tokens", type=int, help="in a batch")
    parser.add_argument("--systems", nargs="+", choices=step.SYSTEMS)
    parser.add_argument("--go-on", action="store_true", help="keep what has been measured, and add what is missing")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing new after so long")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch sees no GPU: take --device cpu")
    model, precisions, lengths, tokens, without = DEFAULTS[options.device]
    options.model = options.model or model
    worth = [each for each in precisions if options.show or pays(each, options.device)]
    options.precisions = options.precisions or worth
    options.lengths = lengths if options.lengths is None else options.lengths
    options.pretraining_tokens = options.pretraining_tokens or tokens
    options.systems = options.systems or [system for system in step.SYSTEMS if system not in without]
    return options


def main() -> None:
    """Measure what is asked for and print the tables."""
    options = read_options()
    results = Results(options.device)
    if not options.show and not run(options, results):
        print("not all has been measured: --go-on does the rest", file=sys.stderr)
    print(*results.headings(), sep="\n")
    for part in options.parts:
        if results.of(part):
            PARTS[part].report(results)
            if count := results.disturbed(part):
                print(f"{count} of {len(results.of(part))} measurements were disturbed: something else ran meanwhile")


def run(options: argparse.Namespace, results: Results) -> bool:
    """Measure one thing after the other. False where the time was up before the end."""
    started = time.perf_counter()
    if not options.go_on:  # or parts of two days would stand beside each other if this is cut off
        for part in options.parts:
            results.forget(part)
    for part in options.parts:
        for asked in PARTS[part].plan(options):
            if results.has(part, asked):
                continue
            if time.perf_counter() - started > 60 * options.minutes:
                return False
            found = in_process(f"{PARTS[part].__name__}.py", **asked)
            results.keep(part, asked, found)
            print(part, *asked.values(), f"(others: {found['others']:.2f} cores)", file=sys.stderr, flush=True)
    return True


if __name__ == "__main__":
    main()
