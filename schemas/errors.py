"""Every error of ours, in one tree.

::

    HeadraceError
    ├── BadRequestError          a request that can never be answered; its producer must change it
    │   ├── UndecodableError       the bytes are not a record that we know
    │   │   └── UnknownSchemaError    they say which schema they are of, and this release does not have it
    │   ├── InvalidRequestError    a field is empty, over its limit, or contradicts another
    │   ├── UnknownNameError       a tenant, task or model that the policy does not name
    │   ├── PromptTooLongError     longer than the model's window, whatever is taken out of it
    │   └── DeadlinePassedError    its deadline lies in the past, or passed before an answer was there
    ├── WorkFailedError          this request failed; others may well succeed
    │   ├── BudgetExceededError    a budget has no room for it: the same request may pass in the next period
    │   ├── EngineRowError         the engine refused or failed this one prompt
    │   └── UndeliverableError     what came out of it does not fit into a Kafka record
    ├── FatalError               this worker cannot go on; its records are redelivered to another
    │   └── EngineDeadError        the engine process is gone
    └── SetupError               something a person must mend: configuration, a missing service
        ├── PolicyError            the policy file
        └── ServiceError           a server that did not start or cannot be reached

Each leaf has a ``code``: stable, written on FAILED responses and dead letters, and safe to match on.
A message says what was wrong, where, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class HeadraceError(Exception):
    """Anything of ours that goes wrong."""

    code: ClassVar[str] = "INTERNAL"


class BadRequestError(HeadraceError):
    """A request that can never be answered as it stands."""

    code = "BAD_REQUEST"


class UndecodableError(BadRequestError):
    """Bytes that are not Avro of a schema we know."""

    code = "UNDECODABLE"


class UnknownSchemaError(UndecodableError):
    """Bytes of a schema that this release does not have. A newer one may."""


class InvalidRequestError(BadRequestError):
    """A field that is empty, over its limit, or contradicts another."""

    code = "INVALID_REQUEST"


class UnknownNameError(BadRequestError):
    """A tenant, task or model that the policy does not name."""

    code = "UNKNOWN_NAME"


class PromptTooLongError(BadRequestError):
    """A prompt that does not fit the model's window even after all that may go has gone."""

    code = "PROMPT_TOO_LONG"


class DeadlinePassedError(BadRequestError):
    """A request whose deadline passed before it had an answer."""

    code = "DEADLINE_PASSED"


class WorkFailedError(HeadraceError):
    """One record's work failed; the next one's may succeed."""

    code = "WORK_FAILED"


class BudgetExceededError(WorkFailedError):
    """A budget has no room for what the request may cost."""

    code = "BUDGET_EXCEEDED"


class EngineRowError(WorkFailedError):
    """The engine refused or failed one prompt."""

    code = "ENGINE_ROW"


class UndeliverableError(WorkFailedError):
    """A record that Kafka can never take, for its size."""

    code = "UNDELIVERABLE"


class FatalError(HeadraceError):
    """This worker cannot go on. Nothing in its hands is acknowledged, so all of it is redelivered."""

    code = "FATAL"


class EngineDeadError(FatalError):
    """The engine's process is gone or no longer answers."""

    code = "ENGINE_DEAD"


class SetupError(HeadraceError):
    """Something outside the program that a person must mend."""

    code = "SETUP"


class PolicyError(SetupError):
    """A policy file that cannot be read or contradicts itself."""

    code = "POLICY"


class ServiceError(SetupError):
    """A server that did not start, or cannot be reached."""

    code = "SERVICE"
