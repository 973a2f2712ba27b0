"""What people want of the town and of its newspaper."""

# What one can want of the help desk, under the department that answers, and of the newspaper's office.
DEPARTMENTS = {
    "roads": ("street_lamp", "pothole"), "waste": ("missed_collection", "new_bin"),
    "water": ("water_leak", "blocked_drain"), "records": ("change_address", "certificate", "dog_licence"),
    "taxes": ("tax_bill", "pay_later"), "transport": ("ferry_refund", "ferry_times", "parking_permit"),
    "leisure": ("lost_property", "book_room"),
}  # fmt: skip
DESK = tuple(intent for intents in DEPARTMENTS.values() for intent in intents)
OFFICE = (
    "subscribe", "cancel_paper", "no_delivery", "place_advert", "correct_error", "report_news", "order_photo",
    "back_issue", "announce_birth", "announce_death", "crossword", "ask_work", "reader_letter",
)  # fmt: skip
