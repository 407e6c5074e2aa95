import msgspec
import pytest
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException

from florin.errors import Conflict, Declined, InvalidRequest, Kind, NotFound, RateLimited, Unauthenticated, Unavailable
from florin.service import Problem, problem_of, status_of
from florin.service.problems import (
    STATUS_OF_KIND,
    InternalError,
    MethodNotAllowed,
    as_florin_error,
)
from florin.service.reference import error_html, error_pages


def document(problem: Problem) -> dict[str, object]:
    decoded: dict[str, object] = msgspec.json.decode(problem.body)
    return decoded


class KeyUsedOtherwise(InvalidRequest):
    code = "test_key_used_otherwise"
    contradicts = True


def test_a_problem_has_the_members_of_the_rfc_and_ours() -> None:
    error = InvalidRequest("amount_minor: expected an integer.", param="amount_minor", minimum=1)
    problem = problem_of(error, instance="req_1")
    assert problem.status == 400
    assert document(problem) == {
        "type": "/errors/invalid_request",
        "title": "The request is not valid",
        "status": 400,
        "detail": "amount_minor: expected an integer.",
        "instance": "req_1",
        "code": "invalid_request",
        "param": "amount_minor",
        "retryable": False,
        "doc_url": "/errors/invalid_request",
        "minimum": 1,
    }


def test_extensions_cannot_replace_what_every_problem_has() -> None:
    assert document(problem_of(Declined("No.", status=200, title="fine")))["status"] == 402


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_status(kind: Kind) -> None:
    assert 400 <= STATUS_OF_KIND[kind] < 600


def test_an_error_that_contradicts_what_was_said_before_is_422() -> None:
    assert status_of(KeyUsedOtherwise) == 422
    assert status_of(InvalidRequest) == 400


def test_headers_tell_how_to_go_on() -> None:
    assert problem_of(Unauthenticated("No.")).headers == {"WWW-Authenticate": 'Bearer realm="florin"'}
    assert problem_of(RateLimited("No.", retry_after_s=7)).headers == {"Retry-After": "7"}
    assert problem_of(Unavailable("No.")).headers == {"Retry-After": "1"}
    assert problem_of(Conflict("No.")).headers == {}


def test_litestars_errors_become_ours() -> None:
    missing = as_florin_error(NotFoundException(), path="/nowhere")
    assert isinstance(missing, NotFound)
    assert "/nowhere" in missing.detail
    wrong = as_florin_error(MethodNotAllowedException(headers={"allow": "GET, POST"}), path="/")
    assert isinstance(wrong, MethodNotAllowed)
    assert problem_of(wrong).headers == {"Allow": "GET, HEAD, POST"}
    faults = [{"message": "Expected `int` <= 100", "key": "limit", "source": "query"}]
    invalid = as_florin_error(ValidationException(extra=faults), path="/")
    assert invalid.param == "limit"
    assert invalid.detail == "limit: expected `int` <= 100."


def test_an_unexpected_error_tells_the_log_and_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    error = as_florin_error(KeyError("the database password"), path="/")
    assert isinstance(error, InternalError)
    assert b"password" not in problem_of(error).body
    assert caplog.records[0].exc_info is not None
    with_status = as_florin_error(HTTPException("inner workings", status_code=500), path="/")
    assert b"inner" not in problem_of(with_status).body


def test_every_loaded_error_has_a_page_that_its_problem_leads_to() -> None:
    pages = error_pages("florin")
    for code in ("invalid_request", "rate_limited", "internal_error", "idempotency_key_missing"):
        assert code in pages
    page = pages["rate_limited"]
    assert (page.status, page.retryable) == (429, True)
    assert "Retry-After" in error_html(page)
    assert "error" not in pages  # the root of the tree is never raised


def test_two_errors_cannot_share_a_code() -> None:
    class Twin(InvalidRequest):
        code = "test_key_used_otherwise"

    try:
        with pytest.raises(ValueError, match="share the code"):
            error_pages()
    finally:
        Twin.code = "test_twin"
