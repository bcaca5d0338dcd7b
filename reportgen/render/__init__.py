"""From a report to files: HTML, PDF, Quarto, site, workbook."""
