"""The page's script is the readable one, made small: nothing in quotes, no property and no global is touched."""

from __future__ import annotations

from reportgen.render.script import compact, page_script


def test_our_script_with_its_planner_is_under_seven_kilobytes() -> None:
    assert len(page_script().encode()) <= 7000


def test_comments_and_spaces_go_and_texts_stay() -> None:
    source = 'const said = "a  // b"; // c\nconst found = /[/ "] x/g.test(said);\n'
    assert compact(source) == 'const a="a  // b";const b=/[/ "] x/g.test(a);'


def test_own_names_are_shortened_and_properties_and_globals_are_not() -> None:
    source = "const make = (tag, text) => { document.make(tag.text, { text: tag, make: 1 }); };"
    assert compact(source) == "const a=(b,c)=>{document.make(b.text,{text:b,make:1})};"


def test_words_that_are_variable_and_property_keep_their_name() -> None:
    source = "const { rows, cells: a } = find(); const b = { rows }; const other = rows;"
    assert compact(source) == "const{rows,cells:a}=find();const b={rows};const c=rows;"


def test_a_short_name_never_hides_another_one() -> None:
    assert compact("const long = a; for (const item of long) b(item, ...long);") == (
        "const c=a;for(const d of c)b(d,...c);"
    )
