from pathlib import Path
from types import SimpleNamespace

from unmask import environment


def test_an_empty_environment_means_this_folder_and_no_names(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = environment.read({})
    assert (found.root, found.experiment, found.tracking_uri, found.real_data) == (tmp_path, "", "", None)
    assert found.machine


def test_the_main_checkout_is_the_root_also_in_an_experiment(tmp_path):
    found = environment.read({"DVC_ROOT": str(tmp_path), "DVC_EXP_NAME": "brisk-face"})
    assert (found.root, found.experiment) == (tmp_path, "brisk-face")


def test_named_places_are_read():
    found = environment.read({"MLFLOW_TRACKING_URI": "http://store", "UNMASK_REAL_DATA": "/faces"})
    assert (found.tracking_uri, found.real_data) == ("http://store", Path("/faces"))


def test_an_empty_variable_counts_as_unset():
    assert environment.read({"UNMASK_REAL_DATA": "", "DVC_ROOT": ""}).real_data is None
    assert environment.read({"DVC_ROOT": ""}).root == Path.cwd()


def test_the_processes_own_variables_are_the_default(monkeypatch):
    monkeypatch.setenv("DVC_EXP_NAME", "brisk-face")
    assert environment.read().experiment == "brisk-face"


def test_api_keys_are_parted_by_commas_and_not_shown():
    found = environment.read({"UNMASK_API_KEYS": " one-key, another-key ,,"})
    assert found.api_keys == ("one-key", "another-key")
    assert "one-key" not in repr(found)
    assert environment.read({}).api_keys == ()


def test_who_acts_is_the_accounts_name_where_no_variable_says_so(monkeypatch):
    monkeypatch.setattr(environment.pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="ada"))
    assert environment.read({}).person == "ada"
    assert environment.read({"USER": "grace", "GITHUB_ACTOR": "a-job"}).person == "a-job"


def test_an_account_without_a_name_is_nobody(monkeypatch):
    def unknown(number):
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(environment.pwd, "getpwuid", unknown)
    assert environment.read({}).person == ""
