from tests.learning_assistant.embedded.conftest import ask, valkey


def test_two_data_dirs_share_nothing(data_dir, users):
    one, two = data_dir / "one", data_dir / "two"
    copies = [users(one), users(two)]
    assert [copy.said() for copy in copies] == ["ready", "ready"]
    ask(one, "CREATE TABLE only_here AS SELECT 1 AS x")
    assert ask(two, "SELECT to_regclass('only_here')") is None
    with valkey(one) as first, valkey(two) as second:
        first.set("only", "here")
        assert second.get("only") is None

    copies[0].leave()
    assert ask(two, "SELECT 1") == 1
    copies[1].leave()
