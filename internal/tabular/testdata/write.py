"""Writes the same opportunities as four CRMs would export them, with other people's writers: write.py ROWS.json FOLDER

Needs python3-openpyxl; the LibreOffice workbook also needs libreoffice-calc-nogui.
"""
import csv, datetime, decimal, json, os, subprocess, sys, tempfile, unicodedata
import openpyxl

rows, folder = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]


def german(number):
    return f"{decimal.Decimal(number):,.2f}".translate(str.maketrans(",.", ".,"))


def day(text, form):
    return datetime.date.fromisoformat(text).strftime(form) if text else ""


def moment(text, form):
    return datetime.datetime.fromisoformat(text).strftime(form)


def percent(share):
    return format((decimal.Decimal(share) * 100).normalize(), "f")


salesforce = os.path.join(folder, "salesforce-de.csv")
header = ["Opportunity-ID", "Opportunity-Name", "Account-Name", "PLZ", "Phase", "Betrag", "Wahrscheinlichkeit (%)", "Erstelldatum", "Schlusstermin", "Zuletzt geändert am"]
table = [[r["id"], r["name"], r["account"], r["postcode"], r["stage"], german(r["amount"]), percent(r["probability"]), day(r["opened"], "%d.%m.%Y"),
          day(r["closed"], "%d.%m.%Y"), moment(r["changed"], "%d.%m.%Y, %H:%M")] for r in rows]
with open(salesforce, "w", encoding="cp1252", newline="") as f:
    w = csv.writer(f, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    w.writerow(header)
    w.writerows(table)
    f.write('\r\n\r\n"Opportunities mit Phasen"\r\n"Copyright © 2000-2025 salesforce.com, inc. Alle Rechte vorbehalten."\r\n'
            '"Vertrauliche Informationen - Nicht weitergeben"\r\n"Erstellt von: Müller, 31.12.2025 09:14"\r\n"Beispiel GmbH"\r\n')

with open(os.path.join(folder, "pipedrive-de.csv"), "w", encoding="utf-8", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["Deal - ID", "Deal - Titel", "Deal - Organisation", "Organisation - PLZ", "Deal - Phase", "Deal - Wert", "Deal - Wahrscheinlichkeit",
                "Deal - Deal erstellt", "Deal - Deal abgeschlossen am", "Deal - Zeit der Aktualisierung"])
    nfd = lambda s: unicodedata.normalize("NFD", s)  # as macOS writes umlauts
    for r in rows:
        w.writerow([r["id"], nfd(r["name"]), nfd(r["account"]), r["postcode"], r["stage"], r["amount"], percent(r["probability"]), r["opened"], r["closed"] or "",
                    moment(r["changed"], "%Y-%m-%d %H:%M:%S")])

book = openpyxl.Workbook()
sheet = book.active
sheet.title = "Verkaufschancen"
sheet.append(header)
for r in rows:
    sheet.append([r["id"], r["name"], r["account"], r["postcode"], r["stage"], float(r["amount"]), float(r["probability"]), datetime.date.fromisoformat(r["opened"]),
                  datetime.date.fromisoformat(r["closed"]) if r["closed"] else None, datetime.datetime.fromisoformat(r["changed"])])
    for cell, form in zip(sheet[sheet.max_row][5:], ['#,##0.00 "€"', "0%", "DD.MM.YYYY", "DD.MM.YYYY", 'DD.MM.YYYY", "HH:MM']):
        cell.number_format = form
book.save(os.path.join(folder, "openpyxl.xlsx"))

# LibreOffice reads the German CSV by its own rules and writes what it understood. 59, 34: semicolon and quotes; 76:
# UTF-8; 1031: German; 1/2/4: the first, second and fourth column are text, so that LibreOffice leaves leading zeros alone.
with tempfile.TemporaryDirectory() as home:
    plain = os.path.join(home, "libreoffice.csv")
    with open(plain, "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f, delimiter=";", lineterminator="\r\n")
        w.writerow(header)
        w.writerows([c[:6] + [c[6] + " %"] + c[7:9] + [c[9].replace(",", "")] for c in table])
    subprocess.run(["soffice", f"-env:UserInstallation=file://{home}/profile", "--headless", "--convert-to", "xlsx", "--outdir", folder,
                    "--infilter=CSV:59,34,76,1,1/2/2/2/4/2,1031,false,true", plain], check=True, stdout=subprocess.DEVNULL)
