"""Domains where anybody may have a mailbox: they say nothing about a company."""

from __future__ import annotations

_LISTED = """
    gmail.com googlemail.com icloud.com me.com mac.com msn.com live.com live.co.uk live.de live.fr live.nl live.it
    live.com.au live.com.mx live.dk live.se live.no live.at live.be live.ca live.ie windowslive.com passport.com
    aol.com aol.de aol.fr aol.co.uk aim.com rocketmail.com ymail.com rediffmail.com
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me
    fastmail.com fastmail.fm hushmail.com hey.com zoho.com zohomail.com zohomail.eu mail.com email.com usa.com
    inbox.com gawab.com duck.com mozmail.com appleid.com mailfence.com runbox.com startmail.com
    mail.ru bk.ru list.ru inbox.ru internet.ru ya.ru rambler.ru narod.ru ukr.net i.ua meta.ua bigmir.net
    mynet.com mynet.com.tr ttmail.com ttnet.net.tr superonline.com turk.net e-kolay.net ekolay.net hotmail.com.tr
    vodafonemail.com.tr yaani.com isnet.net.tr kablonet.com.tr
    web.de t-online.de freenet.de arcor.de email.de mail.de posteo.de posteo.net posteo.at mailbox.org online.de
    1und1.de alice.de alice-dsl.net vodafone.de vodafonemail.de o2mail.de o2online.de unity-mail.de kabelmail.de
    unitybox.de freemail.de directbox.com onlinehome.de ewetel.net ewe.net netcologne.de gmx-topmail.de
    aon.at chello.at a1.net drei.at utanet.at bluewin.ch hispeed.ch sunrise.ch swissonline.ch
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr club-internet.fr voila.fr alice.fr
    libero.it virgilio.it alice.it tin.it tiscali.it tiscali.co.uk fastwebnet.it email.it inwind.it iol.it poste.it
    telefonica.net terra.es ono.com terra.com terra.com.br uol.com.br bol.com.br ig.com.br globo.com globomail.com
    sapo.pt iol.pt clix.pt mail.pt netcabo.pt
    wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu poczta.fm tlen.pl gazeta.pl vp.pl
    seznam.cz email.cz post.cz centrum.cz volny.cz atlas.cz centrum.sk azet.sk zoznam.sk
    freemail.hu citromail.hu indamail.hu abv.bg mail.bg dir.bg ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl
    hetnet.nl casema.nl telenet.be skynet.be proximus.be scarlet.be telia.com bredband.net spray.se comhem.se
    online.no broadpark.no mail.dk stofanet.dk jubii.dk luukku.com suomi24.fi kolumbus.fi
    btinternet.com btopenworld.com virginmedia.com ntlworld.com blueyonder.co.uk sky.com talktalk.net talk21.com
    eircom.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net
    juno.com netzero.net optonline.net roadrunner.com rr.com frontier.com windstream.net shaw.ca rogers.com
    sympatico.ca bell.net telus.net videotron.ca bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn
    naver.com hanmail.net daum.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com
    walla.co.il walla.com 012.net.il netvision.net.il maktoob.com
"""
_DOMAINS = frozenset(_LISTED.split())
_NAMES = frozenset({"yahoo", "hotmail", "outlook", "gmx", "yandex"})
"""Providers with a domain in many countries: `yahoo.de`, `yahoo.co.uk`, …"""


def is_free_mail(domain: str) -> bool:
    """May anybody have a mailbox at this registrable domain?"""
    return domain in _DOMAINS or domain.partition(".")[0] in _NAMES
