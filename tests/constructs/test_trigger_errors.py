"""Errors of triggers, each text whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigatewayv2 as apigatewayv2
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_notifications as notifications
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from constructs_lib import HttpApiTrigger, S3Trigger
from tests.constructs.raised import text_at_synthesis, text_of

if TYPE_CHECKING:
    from tests.constructs.conftest import Declare


@pytest.fixture
def api(stack: cdk.Stack) -> apigatewayv2.HttpApi:
    return apigatewayv2.HttpApi(stack, "Api")


class TestS3FilterWildcard:
    def test_in_a_prefix(self, photos: s3.Bucket) -> None:
        assert text_of(lambda: S3Trigger(photos, prefix="originals/*")) == (
            "error[s3-filter-wildcard]: the prefix `originals/*` holds `*`, which S3 takes literally\n\n"
            "  note: S3 filters know no wildcards; a prefix and a suffix are compared character by character\n"
            '  help: write the plain prefix, e.g. prefix="originals/"\n'
            "  see: constructs-lib explain s3-filter-wildcard"
        )

    def test_in_a_suffix(self, photos: s3.Bucket) -> None:
        assert 'help: write the plain suffix, e.g. suffix=".jpg"' in text_of(lambda: S3Trigger(photos, suffix="*.jpg"))

    def test_a_prefix_that_is_a_suffix_too(self, photos: s3.Bucket) -> None:
        text = text_of(lambda: S3Trigger(photos, prefix="originals/*.jpg"))
        assert 'help: write prefix="originals/", suffix=".jpg"' in text

    def test_nothing_but_a_wildcard(self, photos: s3.Bucket) -> None:
        assert "help: leave the prefix out" in text_of(lambda: S3Trigger(photos, prefix="*"))


class TestS3FilterTooLong:
    def test_whole_text(self, photos: s3.Bucket) -> None:
        assert text_of(lambda: S3Trigger(photos, prefix="ä" * 513)) == (
            "error[s3-filter-too-long]: the prefix has 1026 bytes, but no key has more than 1024\n\n"
            "  help: shorten the prefix\n"
            "  see: constructs-lib explain s3-filter-too-long"
        )


class TestS3EventUnknown:
    def test_near_names_are_offered(self, photos: s3.Bucket) -> None:
        assert text_of(lambda: S3Trigger(photos, events=["s3:ObjectCreate:*"])) == (
            "error[s3-event-unknown]: S3 has no event `s3:ObjectCreate:*`\n\n"
            "  help: did you mean `s3:ObjectCreated:*` or `s3:ObjectCreated:Put` or `s3:ObjectCreated:Post`?\n"
            "  help: or a member of `s3.EventType`, e.g. s3.EventType.OBJECT_CREATED\n"
            "  see: constructs-lib explain s3-event-unknown"
        )

    def test_no_event(self, photos: s3.Bucket) -> None:
        assert "an S3 trigger without an event never fires" in text_of(lambda: S3Trigger(photos, events=[]))


class TestS3TriggerImportedBucket:
    def test_whole_text(self, stack: cdk.Stack, declare: Declare) -> None:
        bucket = s3.Bucket.from_bucket_name(stack, "Photos", "photos")
        assert text_of(lambda: declare(stack, "Resize", triggers=[S3Trigger(bucket)])) == (
            "error[s3-trigger-imported-bucket]: `Thumbnails/Photos` is an imported bucket,"
            " so this app cannot set its notifications\n\n"
            "  note: a bucket has one notification configuration; it belongs to the stack of the bucket\n"
            "  help: declare the trigger in the app that declares the bucket\n"
            "  help: or let the bucket send its events to EventBridge and trigger the function by a rule\n"
            "  see: constructs-lib explain s3-trigger-imported-bucket"
        )


class TestS3TriggerBucketNameUnknown:
    def test_whole_text(self, stack: cdk.Stack, declare: Declare) -> None:
        bucket = s3.Bucket(stack, "Photos")
        assert text_of(lambda: declare(stack, "Resize", triggers=[S3Trigger(bucket)])) == (
            "error[s3-trigger-bucket-name-unknown]: `Thumbnails/Photos` triggers a function,"
            " but its name is not known before it is created\n\n"
            "  note: the bucket waits for the function, so nothing of the function may wait for the bucket\n"
            "  note: on a bucket that is deployed already a new name means a new, empty bucket\n"
            '  help: name it, e.g. s3.Bucket(self, "Photos", bucket_name=stable_name("photos"), …)\n'
            "  see: constructs-lib explain s3-trigger-bucket-name-unknown"
        )

    def test_a_name_that_cdk_makes_when_needed_is_not_known(self, stack: cdk.Stack, declare: Declare) -> None:
        bucket = s3.Bucket(stack, "Photos", bucket_name=cdk.PhysicalName.GENERATE_IF_NEEDED)
        assert "[s3-trigger-bucket-name-unknown]" in text_of(
            lambda: declare(stack, "Resize", triggers=[S3Trigger(bucket)])
        )


class TestS3TriggerOverlap:
    def test_of_two_functions(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        declare(stack, "Resize", triggers=[S3Trigger(photos, prefix="in/")])
        second = S3Trigger(photos, prefix="in/raw/", suffix=".jpg", events=["s3:ObjectCreated:Put"])
        assert text_of(lambda: declare(stack, "Index", triggers=[second])) == (
            "error[s3-trigger-overlap]: two triggers of `Thumbnails/Photos` match the same object and event,"
            " which S3 refuses\n\n"
            "  Thumbnails/Resize  s3:ObjectCreated:* on prefix `in/`\n"
            "  Thumbnails/Index   s3:ObjectCreated:Put on prefix `in/raw/` and suffix `.jpg`\n\n"
            "  witness: key `in/raw/a.jpg` with event `s3:ObjectCreated:Put` matches both\n"
            "  help: make the prefixes or the suffixes differ, so that no key has both\n"
            "  help: or let the bucket send its events to EventBridge, where rules may overlap\n"
            "  see: constructs-lib explain s3-trigger-overlap"
        )

    def test_of_one_function(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        triggers = [S3Trigger(photos, suffix=".jpg"), S3Trigger(photos)]
        assert "help: one trigger is enough" in text_of(lambda: declare(stack, "Resize", triggers=triggers))

    def test_within_one_trigger(self, photos: s3.Bucket) -> None:
        assert text_of(lambda: S3Trigger(photos, events=["s3:ObjectCreated:*", "s3:ObjectCreated:Put"])) == (
            "error[s3-trigger-overlap]: the events `s3:ObjectCreated:*` and `s3:ObjectCreated:Put`"
            " of one trigger overlap, which S3 refuses\n\n"
            "  help: keep the wider one\n"
            "  see: constructs-lib explain s3-trigger-overlap"
        )

    def test_other_events_do_not_overlap(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        declare(stack, "Resize", triggers=[S3Trigger(photos), S3Trigger(photos, events=["s3:ObjectRemoved:*"])])
        resources = Template.from_stack(stack).find_resources("AWS::S3::Bucket")
        configurations = [
            notification["Event"]
            for bucket in resources.values()
            for notification in bucket["Properties"]["NotificationConfiguration"]["LambdaConfigurations"]
        ]
        assert configurations == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


class TestS3NotificationConflict:
    WHOLE = (
        "error[s3-notification-conflict]: the notifications of `Thumbnails/Photos` have two authors\n\n"
        "  an S3Trigger declares them on the bucket itself,"
        " a helper function of `add_event_notification` or `event_bridge_enabled` replaces them\n\n"
        "  note: a bucket has one notification configuration: what is written last erases the rest\n"
        "  help: declare every function that the bucket invokes by S3Trigger, or none\n"
        "  see: constructs-lib explain s3-notification-conflict"
    )

    def test_with_a_notification_of_before(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        queue = notifications.SqsDestination(sqs.Queue(stack, "Queue"))
        photos.add_event_notification(s3.EventType.OBJECT_REMOVED, queue)
        assert text_of(lambda: declare(stack, "Resize", triggers=[S3Trigger(photos)])) == self.WHOLE

    def test_with_a_notification_of_later(self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare) -> None:
        declare(stack, "Resize", triggers=[S3Trigger(photos)])
        queue = notifications.SqsDestination(sqs.Queue(stack, "Queue"))
        photos.add_event_notification(s3.EventType.OBJECT_REMOVED, queue)
        assert text_at_synthesis(stack) == self.WHOLE

    def test_with_eventbridge(self, stack: cdk.Stack, declare: Declare) -> None:
        photos = s3.Bucket(stack, "Photos", bucket_name="photos-1", event_bridge_enabled=True)
        assert text_of(lambda: declare(stack, "Resize", triggers=[S3Trigger(photos)])) == self.WHOLE

    @pytest.mark.parametrize("late", [False, True])
    def test_with_a_configuration_set_by_hand(
        self, photos: s3.Bucket, stack: cdk.Stack, declare: Declare, *, late: bool
    ) -> None:
        def by_hand() -> None:
            resource = photos.node.default_child
            assert isinstance(resource, s3.CfnBucket)
            bridge = s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
            resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=bridge
            )

        def trigger() -> None:
            declare(stack, "Resize", triggers=[S3Trigger(photos)])

        if late:
            trigger()
            by_hand()
            text = text_at_synthesis(stack)
        else:
            by_hand()
            text = text_of(trigger)
        author = "a helper function of `add_event_notification` or `event_bridge_enabled`"
        assert text == self.WHOLE.replace(author, "an assignment to its `notification_configuration`")


class TestHttpRouteInvalid:
    @pytest.mark.parametrize(
        ("method", "path", "problem"),
        [
            ("get", "/", "the method is one of `ANY`, `DELETE`, `GET`, `HEAD`, `OPTIONS`, `PATCH`, `POST`, `PUT`"),
            ("GET", "photos", "a path begins with `/` and does not end with one"),
            ("GET", "/photos/", "a path begins with `/` and does not end with one"),
            ("GET", "/a//b", "`` is neither plain text nor a variable like `{id}`"),
            ("GET", "/a b", "`a b` is neither plain text nor a variable like `{id}`"),
            ("GET", "/{id}.jpg", "`{id}.jpg` is neither plain text nor a variable like `{id}`"),
            (
                "GET",
                "/{rest+}/x",
                (
                    "`{rest+}` is neither plain text nor a variable like `{id}`,"
                    " and only the last segment may be `{name+}`"
                ),
            ),
            ("GET", "/{id}/x/{id}", "the variable `id` occurs twice"),
            ("GET", "$default", "`$default` takes every method: write method=`ANY`"),
        ],
    )
    def test_what_is_wrong_is_said(self, api: apigatewayv2.HttpApi, method: str, path: str, problem: str) -> None:
        key = "$default" if path == "$default" else f"{method} {path}"
        assert text_of(lambda: HttpApiTrigger(api, method=method, path=path, public=True)) == (
            f"error[http-route-invalid]: `{key}` is not a route\n\n"
            f"  note: {problem}\n"
            '  help: e.g. HttpApiTrigger(api, method="GET", path="/photos/{id}", authorizer=…)\n'
            "  see: constructs-lib explain http-route-invalid"
        )


class TestHttpRouteWithoutAuthorizer:
    def test_whole_text(self, api: apigatewayv2.HttpApi) -> None:
        assert text_of(lambda: HttpApiTrigger(api, method="GET", path="/")) == (
            "error[http-route-without-authorizer]: the route `GET /` says nothing about who may call it\n\n"
            "  note: without an authorizer everybody on the internet may invoke the function, at your cost\n"
            '  help: add authorizer=HttpJwtAuthorizer("Users", issuer, jwt_audience=[…])'
            " or authorizer=HttpIamAuthorizer()\n"
            "  help: or write public=True if everybody may\n"
            "  see: constructs-lib explain http-route-without-authorizer"
        )

    def test_both_is_unclear(self, api: apigatewayv2.HttpApi) -> None:
        authorizer = authorizers.HttpIamAuthorizer()
        text = text_of(lambda: HttpApiTrigger(api, method="GET", path="/", authorizer=authorizer, public=True))
        assert text.startswith(
            "error[http-route-without-authorizer]: the route `GET /` has an authorizer and is public"
        )


class TestHttpRouteConflict:
    def test_the_same_route_twice(self, api: apigatewayv2.HttpApi, stack: cdk.Stack, declare: Declare) -> None:
        declare(stack, "Show", triggers=[HttpApiTrigger(api, method="GET", path="/photos/{id}", public=True)])
        second = HttpApiTrigger(api, method="GET", path="/photos/{name}", public=True)
        assert text_of(lambda: declare(stack, "Other", triggers=[second])) == (
            "error[http-route-conflict]: two triggers claim the same route of `Thumbnails/Api`"
            " (the name of a variable makes no difference)\n\n"
            "  Thumbnails/Show   GET /photos/{id}\n"
            "  Thumbnails/Other  GET /photos/{name}\n\n"
            "  help: give each its own method or path, or let one function serve both\n"
            "  see: constructs-lib explain http-route-conflict"
        )

    def test_a_greedy_variable_is_another_route(
        self, api: apigatewayv2.HttpApi, stack: cdk.Stack, declare: Declare
    ) -> None:
        paths = ["/photos/{id}", "/photos/{rest+}", "/photos"]
        declare(stack, "Show", triggers=[HttpApiTrigger(api, method="GET", path=path, public=True) for path in paths])
        routes = Template.from_stack(stack).find_resources("AWS::ApiGatewayV2::Route")
        assert sorted(route["Properties"]["RouteKey"] for route in routes.values()) == [
            "GET /photos",
            "GET /photos/{id}",
            "GET /photos/{rest+}",
        ]
