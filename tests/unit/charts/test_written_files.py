"""What is made from the charts' values is as it would be made now."""

from devtools.charts.written import written_files


def test_schemas_and_readmes_are_those_of_the_values() -> None:
    differ = [str(file) for file, text in written_files().items() if not file.exists() or file.read_text() != text]
    assert differ == [], "./dev generate writes them"
