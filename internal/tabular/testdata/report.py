"""Writes workbooks as reports have them, with XlsxWriter (python3-xlsxwriter) and openpyxl: report.py FOLDER"""
import datetime, os, sys
import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904
import xlsxwriter

folder = sys.argv[1]
book = xlsxwriter.Workbook(os.path.join(folder, "report.xlsx"))
day, euro, share = (book.add_format({"num_format": f}) for f in ("dd/mm/yyyy", "#,##0.00 [$€-407]", "0.0%"))
sheet = book.add_worksheet("Bericht")
sheet.write("B1", "Pipeline Q4")
sheet.write("B2", "Stand: 31.12.2024")
sheet.write("B3", "Filter: alle Verkaufschancen")
for i, name in enumerate(["Name", "Betrag", "Wahrscheinlichkeit", "Gewichtet", "Abschluss", "Aktiv", "Kunden-Nr", "Name"]):
    sheet.write(4, i + 1, name)
for i, (name, amount, probability, closed, active, key) in enumerate([
        ("Förderanlage", 48250.10, 0.755, datetime.date(2024, 3, 4), True, 123456789012345678),
        ("Wartung", 0.1 + 0.2, 0.2, datetime.date(1900, 2, 28), False, 42),
        ("Lager", 1234.5678, 0.5, datetime.date(2024, 12, 31), True, 43)]):
    row = 5 + i
    sheet.write(row, 1, name)
    sheet.write(row, 2, amount, euro)
    sheet.write(row, 3, probability, share)
    sheet.write_formula(row, 4, f"=C{row + 1}*D{row + 1}", euro, amount * probability)
    sheet.write_datetime(row, 5, datetime.datetime.combine(closed, datetime.time()), day)
    sheet.write_boolean(row, 6, active)
    sheet.write(row, 7, key)
    sheet.write_rich_string(row, 8, "halb ", book.add_format({"bold": True}), "fett")
sheet.write_formula(8, 2, "=NA()", None, "#N/A")
sheet.write(8, 1, "Offen")
sheet.write(8, 6, True)
sheet.write_string(8, 8, "=kein Wert")
sheet.write(9, 1, "Gesamtsumme")
sheet.write_formula(9, 2, "=SUM(C6:C8)", euro, 49484.9678)
sheet.write("B12", "Vertraulich")
hidden = book.add_worksheet("Stammdaten")
hidden.write_row("A1", ["Code", "Text"])
hidden.write_row("A2", ["01", "Eins"])
hidden.hide()
book.close()

book = openpyxl.Workbook()
book.epoch = CALENDAR_MAC_1904
sheet = book.active
sheet.append(["Tag", "Zeit"])
sheet.append([datetime.date(2024, 2, 29), datetime.datetime(2024, 12, 31, 14, 5, 30)])
book.save(os.path.join(folder, "mac1904.xlsx"))
