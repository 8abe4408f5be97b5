#!/usr/bin/env python3
"""The README's pictures: pictures.py --programs FOLDER

Plays the order-status call on the desk and takes two screenshots into the documentation.
"""
import argparse, pathlib, sys

HERE = pathlib.Path(__file__).parent
PLACE = HERE.parents[1] / "Sources/Gateway/Documentation.docc/Resources"
sys.path.insert(0, str(HERE))

from browser import Stage
from desk_phone import NUMBER, turns


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs", required=True, help="folder of the executables")
    chosen = arguments.parse_args()
    with Stage(chosen.programs, PLACE) as stage, stage.person(1280, 800, reduced_motion="reduce") as open_page:
        page = stage.open_desk(open_page, "phone")
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        for number, words in enumerate(["Where is my order?", NUMBER], 2):
            page.keyboard.type(words)
            if words != NUMBER:
                page.keyboard.press("Enter")
            turns(page, number)
        page.get_by_role("log").get_by_text("delayed by three days").first.wait_for()
        stage.picture(page, "desk-phone")
        page.goto(stage.desk_url + "/#inspector")
        page.locator(".ins-row").first.click()
        page.get_by_text("CXone is answered").wait_for()
        stage.picture(page, "desk-inspector")


if __name__ == "__main__":
    main()
