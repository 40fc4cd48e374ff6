"""What is new in the HTML of many mail programs: the answer above, without what it quotes."""

from __future__ import annotations

import quopri

import pytest

from outreach.mail.understand import understand

_HEAD = "From: ada@example.com\nTo: anna@example.org\nSubject: Re: Hi\nContent-Type: text/html; charset=utf-8\n\n"
_NEW = "Thanks, that sounds good."

BODIES = {
    "gmail": (
        f'<div dir="ltr">{_NEW}</div><br><div class="gmail_quote">'
        '<div dir="ltr" class="gmail_attr">On Wed, Mar 4, 2026 at 10:15 AM Anna &lt;<a href="mailto:anna@example.org">anna@example.org</a>&gt; wrote:<br></div>'  # noqa: E501  # as the program writes it
        '<blockquote class="gmail_quote" style="margin:0"><div>hi</div></blockquote></div>'
    ),
    "gmail container": (
        f'<div dir="ltr">{_NEW}</div><br><div class="gmail_quote gmail_quote_container">'
        '<div dir="ltr" class="gmail_attr">Am Mi., 4. März 2026 um 10:15 Uhr schrieb Anna &lt;<a>anna@example.org</a>&gt;:<br></div>'  # noqa: E501  # as the program writes it
        '<blockquote class="gmail_quote"><div>hi</div></blockquote></div>'
    ),
    "gmail noblock": (
        f'{_NEW}<div class="gmail_quote">'
        '<div class="gmail_quote">On 11-Apr-2026, at 6:54 PM, Anna &lt;anna@example.org&gt; wrote:<div>hi</div></div></div>'  # noqa: E501  # as the program writes it
    ),
    "gmail extra": (
        f'<div>{_NEW}</div><div class="gmail_extra"><br>'
        '<div class="gmail_quote">2026-03-04 10:15 GMT+01:00 Anna <span dir="ltr">&lt;anna@example.org&gt;</span>:<br>'
        '<blockquote class="gmail_quote">hi</blockquote></div></div>'
    ),
    "gmail signature": (
        f"<div>{_NEW}</div><div><br></div><span>-- </span><br>"
        '<div class="gmail_signature" data-smartmail="gmail_signature">Ada<br>Example Ltd</div><br>'
        '<div class="gmail_quote">'
        '<div class="gmail_attr">On Wed, Mar 4, 2026 Anna &lt;a@example.org&gt; wrote:<br></div>'
        "<blockquote>hi</blockquote></div>"
    ),
    "outlook2016": (
        f'<div class="WordSection1"><p class="MsoNormal">{_NEW}<o:p></o:p></p><div>'
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0in 0in 0in">'
        '<p class="MsoNormal"><b>From:</b> Anna &lt;anna@example.org&gt; <br>'
        "<b>Sent:</b> Wednesday, March 4, 2026 10:15 AM<br><b>To:</b> Ada<br>"
        '<b>Subject:</b> Hi<o:p></o:p></p></div></div><p class="MsoNormal">hi</p></div>'
    ),
    "owa": (
        f'<div style="font-size:12pt">{_NEW}</div><div id="appendonsend"></div>'
        '<hr tabindex="-1" style="display:inline-block; width:98%"><div id="divRplyFwdMsg" dir="ltr">'
        '<font face="Calibri"><b>Von:</b> Anna<br><b>Gesendet:</b> Mittwoch<br><b>An:</b> Ada<br>'
        "<b>Betreff:</b> Hi</font></div><div>hi</div>"
    ),
    "outlook mobile": (
        f"<div>{_NEW}</div>"
        '<div id="ms-outlook-mobile-signature">Get <a href="https://aka.ms/o0ukef">Outlook for iOS</a></div>'
        '<div id="mail-editor-reference-message-container">'
        '<div class="ms-outlook-mobile-reference-message"><hr><div dir="ltr"><b>From:</b> Anna<br>'
        "<b>Sent:</b> x<br><b>To:</b> Ada<br><b>Subject:</b> Hi</div><div>hi</div></div></div>"
    ),
    "apple": (
        f'<html><body><div>{_NEW}</div><div><br></div><div><blockquote type="cite">'
        "<div>On 4 Mar 2026, at 10:15, Anna &lt;anna@example.org&gt; wrote:</div><br>"
        "<div>hi</div></blockquote></div></body></html>"
    ),
    "apple iphone": (
        f'<div dir="ltr">{_NEW}</div><div dir="ltr"><br></div><div dir="ltr">Sent from my iPhone</div>'
        '<div dir="ltr"><br><blockquote type="cite">On 4 Mar 2026, at 10:15, Anna wrote:<br>'
        '<br></blockquote></div><blockquote type="cite"><div dir="ltr">hi</div></blockquote>'
    ),
    "thunderbird": (
        f'<p>{_NEW}</p><div class="moz-cite-prefix">Am 04.03.26 um 10:15 schrieb Anna:<br></div>'
        '<blockquote type="cite" cite="mid:x"><p>hi</p></blockquote>'
    ),
    "yahoo": (
        f'<div class="ydpyahoo-style">{_NEW}</div><div id="ydpyahoo_quoted" class="yahoo_quoted">'
        "<div>On Wednesday, 4 March 2026, 10:15:00 GMT+1, Anna &lt;a@example.org&gt; wrote:</div>"
        "<div>hi</div></div>"
    ),
    "yahoo old": (
        f'<div>{_NEW}</div><div class="qtdSeparateBR"><br></div><div class="yahoo_quoted">'
        "<div>On Wednesday, Anna wrote:</div><div>hi</div></div>"
    ),
    "yahoo ios": (
        f"<div>{_NEW}</div>"
        '<p class="yahoo-quoted-begin">On Wednesday, March 4, 2026, 10:15 AM, Anna &lt;a@example.org&gt; wrote:</p>'
        '<blockquote class="iosymail"><div>hi</div></blockquote>'
    ),
    "proton": (
        f"<div>{_NEW}</div>"
        '<div class="protonmail_quote">On Wednesday, March 4th, 2026 at 10:15, Anna &lt;a@example.org&gt; wrote:<br>'
        '<blockquote class="protonmail_quote" type="cite">hi</blockquote></div>'
    ),
    "gmx": (
        f'<div>{_NEW}<div style="margin: 10px 5px; border-left: 2px solid #C3D9E5;" name="quote"><div>'
        "<b>Gesendet:</b>&nbsp;Mittwoch, 04. März 2026 um 10:15 Uhr<br>"
        '<b>Von:</b>&nbsp;"Anna" &lt;anna@example.org&gt;<br><b>An:</b>&nbsp;ada@example.com<br>'
        "<b>Betreff:</b>&nbsp;Hi</div><div>hi</div></div></div>"
    ),
    "zimbra": (
        f'<div>{_NEW}</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
        '<b>From: </b>"Anna" &lt;a@example.org&gt;<br><b>To: </b>"Ada"<br><b>Sent: </b>Wednesday<br>'
        '<b>Subject: </b>Hi<br></div><div data-marker="__QUOTED_TEXT__">hi</div>'
    ),
    "zoho": (
        f'<div>{_NEW}</div><div class="zmail_extra" style="border">'
        '<div id="Zm-_Id_-Sgn1">---- On Wed, 04 Mar 2026 10:15:00 +0100 <b>Anna &lt;a@example.org&gt;</b> wrote ---<br></div>'  # noqa: E501  # as the program writes it
        "<div><blockquote>hi</blockquote></div></div>"
    ),
    "hotmail ecx": (
        f'<div dir="ltr">{_NEW}<br><div>'
        '<hr id="stopSpelling">Date: Wed, 4 Mar 2026 10:15:00 +0100<br>Subject: Hi<br>From: anna@example.org<br>To: ada@example.com<br>'  # noqa: E501  # as the program writes it
        "<br>hi</div></div>"
    ),
    "mail.ru": (
        f"<p>{_NEW}</p>"
        '<blockquote style="border-left:1px solid #0857A6;">Среда, 4 марта 2026, 10:15 +03:00 от Anna &lt;a@example.org&gt;:<br>'  # noqa: E501  # as the program writes it
        "<div>hi</div></blockquote>"
    ),
    "yandex": (
        f'<div>{_NEW}</div><div>&nbsp;</div><div>04.03.2026, 10:15, "Anna" &lt;a@example.org&gt;:</div>'
        "<blockquote><p>hi</p></blockquote>"
    ),
    "qq": (
        f"<div>{_NEW}</div><div>&nbsp;</div>"
        '<div style="font-size:12px;">------------------&nbsp;原始邮件&nbsp;------------------</div><div>'
        '<div><b>发件人:</b>&nbsp;"Anna" &lt;a@example.org&gt;;</div><div><b>发送时间:</b>&nbsp;2026年3月4日</div>'
        '<div><b>收件人:</b>&nbsp;"Ada"</div><div><b>主题:</b>&nbsp;Hi</div></div><div>hi</div>'
    ),
    "notes": (
        f"<font size=2>{_NEW}</font><br><br><br>"
        "<font size=1>From: &nbsp; &nbsp; &nbsp;Anna &lt;a@example.org&gt;</font><br>"
        "<font size=1>To: &nbsp; &nbsp;Ada</font><br>"
        "<font size=1>Date: &nbsp; 03/04/2026 10:15 AM</font><br><font size=1>Subject: &nbsp;Hi</font>"
        "<hr noshade><br>hi"
    ),
    "front": (
        f'<div>{_NEW}</div><br><div class="front-blockquote">'
        "<div>On March 4, 2026 at 10:15 AM GMT+1 <a>anna@example.org</a> wrote:</div>"
        '<blockquote type="cite">hi</blockquote></div>'
    ),
    "spark": (
        f'<div name="messageBodySection">{_NEW}</div>'
        '<div name="messageReplySection">On 4 Mar 2026 at 10:15 +0100, Anna &lt;a@example.org&gt;, wrote:<br>'
        '<blockquote type="cite">hi</blockquote></div>'
    ),
    "superhuman": (
        f'<div>{_NEW}</div><br><div class="gmail_signature"></div><br><div class="gmail_quote">'
        '<div class="gmail_attr">On Wed, Mar 04, 2026 at 10:15 AM, Anna <span>&lt;a@example.org&gt;</span> wrote:<br></div>'  # noqa: E501  # as the program writes it
        '<blockquote class="gmail_quote sh-color">hi</blockquote></div>'
    ),
    "exchange plain wrap": (
        f'<meta content="text/html"><style>P{{}}</style><p>{_NEW}</p><div>'
        "<hr>From: Anna &lt;a@example.org&gt;<br>Date: x<br>To: Ada<br>Subject: Hi<br><br>hi</div>"
    ),
    "olk src": (
        f'<div>{_NEW}</div><div><br></div><span id="OLK_SRC_BODY_SECTION"><div>'
        "<span>From: </span> Anna &lt;a@example.org&gt;<br><span>Date: </span> Wed<br>"
        "<span>To: </span> Ada<br><span>Subject: </span> Hi<br></div><div>hi</div></span>"
    ),
    "hr bold in divs": (
        f"{_NEW}<div><hr/><div><font><b>From: anna@example.org</b><br>"
        "<b>Date: Wed, 4 Mar 2026 08:07:12 -0700</b><br><b>To: ada@example.com</b><br>"
        "<b>Subject: Hi</b></font></div><div>hi</div></div>"
    ),
    "top comment & style": (f"<!--[if gte mso 9]><xml>x</xml><![endif]--><style><!-- p {{}} --></style><p>{_NEW}</p>"),
    "bogus tags": (f"<p>{_NEW}</p></div></td><blockquote>hi"),
    "reply above": (f"<div>{_NEW}</div><div>##- Please type your reply above this line -##</div><div>hi</div>"),
    "base64 img": (f'<p>{_NEW}</p><img src="data:image/png;base64,AAAA"><blockquote>hi</blockquote>'),
    "quote attr div": (f'<div>{_NEW}</div><div class="tutanota_quote">hi</div>'),
    "samsung": (
        f'<div>{_NEW}</div><div><br></div><div id="composer_signature">Sent from Samsung Mobile</div><div>'
        '<br></div><div style="font-size:100%;"><!-- originalMessage -->'
        "<div>-------- Original message --------</div><div>From: Anna &lt;a@example.org&gt;</div>"
        "<div>Date: 04/03/2026</div><div>To: Ada</div><div>Subject: Hi</div></div><div>hi</div>"
    ),
    "bluemail": (
        f'<div dir="auto">{_NEW}</div><div class="bloop_original_html">'
        '<p class="airmail_on">On 4 March 2026 at 10:15:00, Anna (<a>a@example.org</a>) wrote:</p>'
        '<blockquote type="cite">hi</blockquote></div>'
    ),
    "newton": (
        f"<div>{_NEW}</div>"
        '<div class="cm_quote">On Wed, Mar 04, 2026 at 10:15am, Anna &lt;a@example.org&gt; wrote:<blockquote>hi</blockquote></div>'  # noqa: E501  # as the program writes it
    ),
    "hubspot": (
        f'<div>{_NEW}</div><div class="hs_reply">'
        "<div>On Wed, Mar 4, 2026 at 10:15 AM, Anna &lt;<a>a@example.org</a>&gt; wrote:</div>"
        "<blockquote>hi</blockquote></div>"
    ),
    "french owa": (
        f'<div>{_NEW}</div><hr><div id="divRplyFwdMsg"><b>De&nbsp;:</b> Anna<br>'
        "<b>Envoyé&nbsp;:</b> mercredi<br><b>À&nbsp;:</b> Ada<br><b>Objet&nbsp;:</b> Hi</div>"
        "<div>hi</div>"
    ),
}


@pytest.mark.parametrize("name", BODIES)
def test_only_the_answer_of_an_html_mail_is_new(name: str) -> None:
    found = understand((_HEAD + BODIES[name]).encode())

    assert found.text == _NEW


@pytest.mark.parametrize("name", BODIES)
def test_the_same_in_quoted_printable_and_another_charset(name: str) -> None:
    body = quopri.encodestring(BODIES[name].encode("utf-16"))
    head = _HEAD.replace("utf-8\n", "utf-16\nContent-Transfer-Encoding: quoted-printable\n")

    assert understand(head.encode() + body).text == _NEW
